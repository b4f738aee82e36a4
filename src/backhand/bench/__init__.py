"""Measures what ten training steps cost: their time, their share of the processor's peak, memory and start-up."""
