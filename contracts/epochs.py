"""An epoch: the topic of events while it has one number of partitions. Watermarks and the lake's folders name it.

The first one's name is the topic's id; `<id>.0008` is that of the same topic once it has eight partitions.
"""


def epoch_name(topic_id: str, partitions: int) -> str:
    """The name of a later epoch; padded, so that names sort as the epochs follow each other."""
    return f"{topic_id}.{partitions:04d}"


def topic_id_of(epoch: str) -> str:
    """The id of the topic that it is an epoch of."""
    return epoch.partition(".")[0]


def partitions_in(epoch: str, first: int) -> int:
    """How many partitions the topic has in this epoch, where its first one had `first`."""
    number = epoch.partition(".")[2]
    return int(number) if number else first
