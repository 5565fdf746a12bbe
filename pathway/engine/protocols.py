"""Publishing a protocol: from then on its text is frozen and cases can be pinned to it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pathway.engine.errors import Refused
from pathway.models import Clinician, ProtocolVersion
from pathway.models.base import new_id
from pathway.protocol.loader import from_canonical
from pathway.protocol.schema import Protocol
from pathway.protocol.verdict import refused


def publish(*, by: Clinician | None, at: datetime, protocol: Protocol) -> ProtocolVersion:
    """Freeze a protocol version. The same text twice is one version; another text needs a higher version number.

    `by` None: published from the command line. Raises Refused.
    """
    with transaction.atomic():
        known = list(
            ProtocolVersion.objects.select_for_update().filter(name=protocol.name).order_by("-version")
        )
        for version in known:
            # Compared as protocols, not as text: a key that later code knows, at its default, changes nothing.
            if version.version == protocol.version and from_canonical(version.source) == protocol:
                return version
        if known and known[0].version >= protocol.version:
            text = f"{known[0]} is published with another text; raise the version number above {known[0].version}."
            raise Refused(refused("version_taken", text))
        return ProtocolVersion.objects.create(
            id=new_id(),
            name=protocol.name,
            version=protocol.version,
            title=protocol.title,
            source=protocol.canonical(),
            sha256=protocol.sha256(),
            published_at=at,
            published_by=by,
        )
