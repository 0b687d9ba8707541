"""Boosted trees in XGBoost, with its defaults; categorical columns as its documentation has them.

https://xgboost.readthedocs.io/en/stable/get_started.html
https://xgboost.readthedocs.io/en/stable/tutorials/categorical.html
"""

import contract  # isort: split

import json

import engine
import xgboost

#: What is told of the parameters that XGBoost itself lists of a model.
TOLD = ("learning_rate", "max_depth", "max_leaves", "min_child_weight", "reg_lambda", "subsample")
TOLD += ("colsample_bytree", "max_bin", "max_cat_to_onehot", "max_cat_threshold")


def describe(job, model):
    """Tell what was trained on and how, as XGBoost itself reports it."""
    booster = model.get_booster()
    learner = json.loads(booster.save_config())["learner"]
    parameters = learner["gradient_booster"]["tree_train_param"]
    job.describe(
        threads=int(learner["generic_param"]["nthread"]),
        # How many rows there were it does not keep.
        columns=booster.num_features(),
        categorical=booster.feature_types.count("c"),
        trees=booster.num_boosted_rounds(),
        settings={name: float(parameters[name]) for name in TOLD},
        # Its FAQ warns of sums in another order; nothing is drawn at random.
        deterministic=False,
        draws=False,
    )


def main(job):
    rows, targets = job.training_set()
    kinds = ["c"] * len(job.columns["categorical"]) + ["q"] * len(job.columns["numbers"])
    model = xgboost.XGBClassifier(
        enable_categorical=True, feature_types=kinds, n_jobs=job.threads, random_state=job.seed
    )

    with job.run():
        model.fit(engine.to_table(rows, job.columns), targets)

    with job.evaluation():
        probabilities = model.predict_proba(engine.to_table(job.test_inputs(), job.columns))[:, 1]
    job.predictions(probabilities)
    describe(job, model)


if __name__ == "__main__":
    contract.run(main, xgboost=xgboost.__version__)
