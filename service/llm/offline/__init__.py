"""The designer that needs no model: it composes rewards from the card by a seeded grammar and improves them by mutation.

It follows the fitness and the analyzer's findings. It does not read the sentence.
"""

from service.llm.offline.designer import OfflineDesigner

__all__ = ["OfflineDesigner"]
