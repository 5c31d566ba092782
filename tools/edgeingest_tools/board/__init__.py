"""What `edgeingest` does with boards: one module a command, and what they share."""
