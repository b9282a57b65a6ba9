"""Run folders: the stages, how a stage is run, what it leaves on disk, and who may change it."""
