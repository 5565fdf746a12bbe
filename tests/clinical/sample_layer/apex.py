"""The first by name; it needs every other module, and uses one constant of another."""

from __future__ import annotations

from pathway.clinical.sources import Sourced, Tag
from tests.clinical.sample_layer.middle import FLOW_ML, doubled

AGAIN_FLOW_ML = FLOW_ML
TWICE_H = Sourced(doubled(4), "h", Tag.POLICY, ("S4",))
