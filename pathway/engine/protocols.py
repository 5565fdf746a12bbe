"""Publishing a protocol: from then on its text is frozen and cases can be pinned to it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pathway.engine.errors import Refused
from pathway.models import Clinician, ProtocolVersion
from pathway.models.base import new_id
from pathway.protocol.schema import Protocol
from pathway.protocol.verdict import refused


def publish(*, by: Clinician | None, at: datetime, protocol: Protocol) -> ProtocolVersion:
    """Freeze a protocol version. The same text twice is one version; another text needs a higher version number.

    `by` None: published from the command line. Raises Refused.
    """
    sha256 = protocol.sha256()
    with transaction.atomic():
        known = ProtocolVersion.objects.select_for_update().filter(name=protocol.name)
        for version in known:
            if version.sha256 == sha256:
                return version
            if version.version >= protocol.version:
                text = f"{version} is published with another text; raise the version number above {version.version}."
                raise Refused(refused("version_taken", text))
        return ProtocolVersion.objects.create(
            id=new_id(),
            name=protocol.name,
            version=protocol.version,
            title=protocol.title,
            source=protocol.canonical(),
            sha256=sha256,
            published_at=at,
            published_by=by,
        )
