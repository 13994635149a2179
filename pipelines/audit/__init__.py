"""The trail: proves that nothing was altered, traces one send to its permission, and hands a campaign to a reviewer.

Reading only, but for one write: an export appends its own entry to the chain.
"""
