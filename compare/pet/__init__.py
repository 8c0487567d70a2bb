"""Volumes of uptake and what is told from them: SUV statistics, response by PERCIST."""
