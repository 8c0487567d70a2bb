"""What an MR picture is weighted by, from its times: ranges that hold from 0.5 to 3 tesla, or nothing."""

from __future__ import annotations


def weighting_from_times(
    repetition_ms: float | None, echo_ms: float | None, inversion_ms: float | None, b_value: float | None, sequence: str
) -> str:
    """Return ``FLAIR``, ``STIR``, ``DWI``, ``T1``, ``T2``, ``PD`` or an empty text where the times leave it open.

    ``sequence`` is Scanning Sequence (0018,0020) with backslashes between its values. Long inversion times null fluid
    (1.6 to 3.2 s), short ones fat (below 0.3 s); in between they prepare a T1 gradient echo. In gradient echoes TR and
    TE say little without the angle, so that only a spin echo is judged by them (Bushberg, The Essential Physics of
    Medical Imaging, chapter on MR contrast).
    """
    kinds = set(sequence.upper().split("\\"))
    if b_value:
        return "DWI"
    if inversion_ms:
        if inversion_ms >= 1500.0 and (echo_ms or 0.0) >= 50.0:
            return "FLAIR"
        return "STIR" if inversion_ms < 300.0 else "T1"
    if repetition_ms is None or echo_ms is None or ("GR" in kinds and "SE" not in kinds):
        return ""
    return _of_spin_echo(repetition_ms, echo_ms)


def _of_spin_echo(repetition_ms: float, echo_ms: float) -> str:
    if repetition_ms <= 1000.0 and echo_ms <= 30.0:
        return "T1"
    if repetition_ms >= 1800.0 and echo_ms >= 60.0:
        return "T2"
    return "PD" if repetition_ms >= 1800.0 and echo_ms <= 40.0 else ""
