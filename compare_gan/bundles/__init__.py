"""Bundles: a trained model as one file to share, without code in it.

Sees storage and, to draw and describe a model, what evaluation sees; commands
and schedules see it. A bundle to ship with the package goes to shipped/.
"""
