"""The proof: train on a log's first part, replay the rest, and foretell each event before it is learned."""

from batch.evaluate.found import Evaluation
from batch.evaluate.jobs import Trained
from batch.evaluate.placed import MISS
from batch.evaluate.protocol import MOST_OF_A_USER, Protocol
from batch.evaluate.run import evaluate
from batch.plan import Repeats

__all__ = ["MISS", "MOST_OF_A_USER", "Evaluation", "Protocol", "Repeats", "Trained", "evaluate"]
