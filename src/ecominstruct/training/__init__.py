"""Training: examples become a tuned model, on TRL and PEFT."""
