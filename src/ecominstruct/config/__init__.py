"""Configuration: what users write in YAML, read strictly, with file and line in every error.

strict_yaml    reads YAML into pydantic models, and rejects unknown keys and wrong types
recipe         a whole recipe, and most of its sections
scope          a part of the tasks, for splits and studies
servers        the section `servers`: OpenAI-compatible servers
local_models   the section `local`: transformers models on disk
training       the section `train`: how a model is tuned
study          the section `study`: which training rows are compared
"""
