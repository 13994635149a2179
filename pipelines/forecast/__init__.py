"""Stage 3: tokens held, opt-ins and spends to come, and what will die unused, each with how sure that is."""
