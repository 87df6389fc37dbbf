"""A real cluster as an adapter: driven through its API, with puppets in its containers.

One idea a file. ``client`` speaks HTTP; ``watching`` keeps what the watches show; ``mapping`` turns a
scenario's objects into objects of this run and back; ``puppet`` is what runs in the containers;
``isolation`` owns everything that a run creates, and takes it away again; ``stimuli`` does what a
tester asks for; ``rest`` waits until the cluster has come to rest; ``preflight`` looks before it
leaps; ``adapter`` puts them together.
"""
