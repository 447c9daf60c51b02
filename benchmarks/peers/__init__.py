"""What others would train the same policies with, run by an interpreter of their own (`requirements.txt`)."""
