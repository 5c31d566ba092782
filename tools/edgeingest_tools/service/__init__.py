"""The local ingestion service of `edgeingest serve`: checks requests, stores samples, lists and shows them."""
