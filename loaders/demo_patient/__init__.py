"""A fictitious patient made by code: a CT pair and a radiograph pair one year apart, with the truth beside them.

Nothing of a real person is in it, and every object says so. The anatomy is smooth shapes seen through a known blur
(:mod:`loaders.demo_patient.profiles`), so that CT numbers, noise, blur and partial volume can be checked against what
was asked. Tests of registration and of change read ``truth.json`` only, never this package.
"""

from loaders.demo_patient.examinations import DemoSize
from loaders.demo_patient.generate import DemoSeries, TargetError, generate, layout
from loaders.demo_patient.truth import DemoTruth, demo_truth

__all__ = ["DemoSeries", "DemoSize", "DemoTruth", "TargetError", "demo_truth", "generate", "layout"]
