"""Ten training steps, and what they cost: time, share of the processor's peak, memory, start-up."""
