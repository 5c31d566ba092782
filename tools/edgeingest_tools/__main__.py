"""Makes `python -m edgeingest_tools` the same as the `edgeingest` command."""

from edgeingest_tools.cli import main

main()
