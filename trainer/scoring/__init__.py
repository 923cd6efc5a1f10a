"""What a model's texts are worth: metrics of samples and of predictions, beside human code.

Every metric is a pure function of tokens, text or readings of a model. Nothing here trains, draws
samples or writes files.
"""
