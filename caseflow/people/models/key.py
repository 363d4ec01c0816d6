"""PersonKey and PacketKey: the keys under which texts are sealed."""

import uuid

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from caseflow.core.db import Leavable, Model, Owned
from caseflow.core.keyring import KeyColumns, Kind, keep_keys_in


class PersonKey(KeyColumns, Owned, Model):
    """A person's key, under the person's id; wrapped by a master key, and gone once it is destroyed.

    It has no foreign key to the person: it stays when the records are deleted, so that nothing is written again.
    """

    __tablename__ = "person_keys"
    __table_args__ = (
        CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name="destroyed"),
        Index("ix_person_keys_master", "master_id"),
    )


class PacketKey(KeyColumns, Leavable, Model):
    """The key of one side (`actor_org_id`) of a referral or a handover: what that side writes in it lies under it.

    Both sides read it; only the side whose it is makes and destroys it. So what was told of a person ends with the
    person's records, and what the receiver wrote of its own work with the receiver's.
    """

    __tablename__ = "packet_keys"
    __table_args__ = (
        CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name="destroyed"),
        CheckConstraint("actor_org_id IN (org_id, to_org_id)", name="actor"),
        UniqueConstraint("packet_id", "org_id", "actor_org_id"),
        Index("ix_packet_keys_id", "id"),
        Index("ix_packet_keys_master", "master_id"),
    )

    packet_id: Mapped[uuid.UUID]
    actor_org_id: Mapped[uuid.UUID]
    # The receiver that has erased its side, to whom the key stays bound; `to_org_id` is empty then.
    former_org_id: Mapped[uuid.UUID | None]


keep_keys_in(Kind.PERSON, PersonKey)
keep_keys_in(Kind.PACKET, PacketKey)
