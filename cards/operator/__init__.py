"""The operator's own area: the queue, batches, the card maker's files."""
