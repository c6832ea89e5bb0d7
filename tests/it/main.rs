//! Everything that goes through a door: the program, its proxy, its files; and the rules of the sources.

mod layers;
