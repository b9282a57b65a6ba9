"""From a recipe to a finished run, and forgetting. Read in this order:

settings       what a run is made of: recipe, catalogue, tasks, and places on this machine
selection      the tasks and sources that a recipe selects, and names in it that do not exist
build          checks a recipe, plans the stages of the build in order, and runs those that are stale
release_card   the facts about sources on the card of a release
evaluate       predict, score and report on a finished build
forget         `ecom forget`: removes records and everything made of them, step by step
forget_plan    the request, and the journal from which an interrupted `ecom forget` resumes
forget_search  which records a request names, and which others have the same content
"""
