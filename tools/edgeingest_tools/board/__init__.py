"""The commands of `edgeingest` for boards: one module for each command, and the modules that they share."""
