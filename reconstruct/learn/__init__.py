"""Training of a streaming network on recordings: the one home of torch.

Nothing that runs beside a game imports this package; what it makes is an ONNX file like any other.
"""
