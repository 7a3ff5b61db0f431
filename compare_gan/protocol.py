"""Protocol cards: how a score was computed.

The same model gets an FID of 21 or 14, by the split, the number of images, the
resize or the network that is looked through. So each score carries a card, a
flat dict of everything that its value depends on beside the model. Scores with
equal cards can be compared; the digest of a card is for tables and papers.
"""

import hashlib
import json

# Who made the score and by which version; it should not change the value.
_ONLY_SAID = ("code", "tensorflow")


def digest(card):
  """Returns 8 hex digits of all that scores under this card depend on."""
  kept = {key: card[key] for key in card if key not in _ONLY_SAID}
  text = json.dumps(kept, sort_keys=True)
  return hashlib.sha256(text.encode()).hexdigest()[:8]


def differences(first, second):
  """Returns sentences on what makes two cards unlike; none if nothing does."""
  return [
    f"{key}: {first.get(key)!r} and {second.get(key)!r}"
    for key in sorted({*first, *second} - {*_ONLY_SAID})
    if first.get(key) != second.get(key)
  ]
