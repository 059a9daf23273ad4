"""The execution engines: pure pipelines that approve an order or say what stands in its way."""
