"""Commands for boards: each is a module here; `link` talks to a board, `simulated` is one without hardware."""
