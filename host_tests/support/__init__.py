"""What the tests use to run firmware code: interpreters, modes, workers and scripts."""
