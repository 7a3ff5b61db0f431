"""Ascend NPUs: the card and its options, noise from the host, what can be run.

It sees the leaves and, of the room above, the devices it is a kind of. Nobody
else knows how an NPU works.
"""
