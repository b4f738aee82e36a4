"""Questions of deep learning, answered by an experiment: a grid of trainings, each looked at more closely."""

from backhand.experiments.questions.work import QUESTIONS, Question, ask

__all__ = ["QUESTIONS", "Question", "ask"]
