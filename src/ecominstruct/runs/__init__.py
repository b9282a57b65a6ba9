"""Run folders: the list of stages, the executor that runs them, the files they write, and the lock on a run."""
