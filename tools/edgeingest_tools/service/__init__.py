"""What `edgeingest serve` is, and `edgeingest show` reads: requests are checked here, and samples stored and listed."""
