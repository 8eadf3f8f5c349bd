"""*My downloads*: lists too long to stream are made into files by a worker, for whoever asked."""
