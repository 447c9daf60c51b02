"""Claims runs and works on them: asks `service.evolution` for the next step, has it done, and stores the result."""
