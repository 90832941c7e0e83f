"""The use cases: record, deliver, keep the clocks, talk, look up."""
