"""From a SensorFrame to a Face: features, rules, models, evaluation, the loop."""
