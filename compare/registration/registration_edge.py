"""A finished registration as an edge of the frame graph: linked views go through the best accepted transform."""

from __future__ import annotations

from compare.linking.frame_graph import COMPUTED, FrameEdge, FrameGraph, LinkBasis, Space
from compare.registration.register import Aligned, Method, Registration


def with_registration(graph: FrameGraph, current: Space, prior: Space, outcome: Registration) -> FrameGraph:
    """Replace what was computed between the two spaces before by the best accepted alignment, if there is one.

    A refused registration leaves no computed edge: the views say "not linked", not something stale.
    """
    kept = graph.without(COMPUTED, current, prior)
    best = outcome.best
    return kept if best is None else kept.with_edge(edge_of(current, prior, best))


def edge_of(current: Space, prior: Space, aligned: Aligned) -> FrameEdge:
    """Return one alignment as an edge from the current's space to the prior's."""
    basis = LinkBasis.DEFORMABLE if aligned.kind is Method.DEFORMABLE else LinkBasis.RIGID
    return FrameEdge(current, prior, basis, aligned.current_to_prior, aligned.typical_error_mm, aligned.error)
