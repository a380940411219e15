"""The report card: what a model is worth on people it has not seen, beside every baseline.

`folds.py` says who is judged by which weights, `replay.py` runs them, `ground_truth.py` lays truth and
answers on the same frames, `scores.py` and `pooling.py` make figures of them. `study.py` does it all and
gives a `report.Report`; its `card.py` is the table, `goals.py` says what it must reach (FIDELITY).
"""
