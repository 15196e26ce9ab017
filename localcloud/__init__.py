"""The cloud on a laptop: provisions the synthesized templates and answers as AWS would."""
