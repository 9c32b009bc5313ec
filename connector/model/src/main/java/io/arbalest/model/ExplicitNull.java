package io.arbalest.model;

/**
 * The value of a field that is set to null. Where values are given by field name, a field that is
 * left out has no value given: an upsert then takes the field's default, a patch leaves the field
 * as it is. This one says null in so many words.
 */
public enum ExplicitNull {
    NULL;

    @Override
    public String toString() {
        return "null";
    }
}
