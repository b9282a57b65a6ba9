"""Training: the training rows of a release fine-tune a model (stage 5, `5-model/`), with TRL and PEFT.

Read in this order:

  stage                       the stage: which rows are used, and when the model is stale
  tune                        `tune`: from examples to a finished model folder
  base tiny                   the model to tune: a local folder, or a tiny one created here; LoRA
  rows packing                examples as token ids and labels; order, caps and packing
  trainer stopping launched   training steps, checkpoints, Ctrl-C, environment of the process
  card                        the README of the tuned model
  forgotten                   marks a model that was trained on rows forgotten since
"""
