"""The heaps that README.md promises for its uploads, and in which the tests run them; the code is in ROM."""

UPLOAD = 58  # K, of an upload of 1 MB
SPOOL = 104  # K, of a spool with a bad network
