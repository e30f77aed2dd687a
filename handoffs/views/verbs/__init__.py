"""What people do with a handoff: one form, one button and one address per verb of the pipeline."""
