"""A finished registration as an edge of the frame graph: linked views go through the best accepted transform."""

from __future__ import annotations

from compare.linking.frame_graph import FrameEdge, FrameGraph, LinkBasis, Space
from compare.registration.register import Method, Registration

_COMPUTED = frozenset({LinkBasis.RIGID, LinkBasis.DEFORMABLE})


def with_registration(graph: FrameGraph, current: Space, prior: Space, outcome: Registration) -> FrameGraph:
    """Replace what was computed between the two spaces before by the best accepted alignment, if there is one.

    A refused registration leaves no computed edge: the views say "not linked", not something stale.
    """
    kept = tuple(
        edge for edge in graph.edges if edge.basis not in _COMPUTED or {edge.source, edge.target} != {current, prior}
    )
    best = outcome.best
    if best is None:
        return FrameGraph(kept)
    basis = LinkBasis.DEFORMABLE if best.kind is Method.DEFORMABLE else LinkBasis.RIGID
    edge = FrameEdge(current, prior, basis, best.current_to_prior, best.typical_error_mm, best.error)
    return FrameGraph((*kept, edge))
